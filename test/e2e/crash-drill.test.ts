// The short form of npm run drill.
