// The real server as a process that can be told to kill itself at a named point.
