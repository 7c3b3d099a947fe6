// One crash drill, from the first start to the last check.
