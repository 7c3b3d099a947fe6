// Plants a violation of each invariant and sees the checker find it.
