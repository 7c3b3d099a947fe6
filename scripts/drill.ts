// Kills the real server again and again under load and checks that nothing was lost; run before a release: npm run drill.
