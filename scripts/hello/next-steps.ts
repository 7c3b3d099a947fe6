/** What to try once the example has run. `apiKey` is the text that stands in the commands. */
export function nextSteps(server: {
  url: string;
  apiKey: string;
  isRemembered: boolean;
  /** The file that holds the key, when the commands do not. */
  keptIn?: string;
  agentId: string;
  question: string;
}): string {
  const { url, apiKey, agentId, question } = server;
  const keyNote =
    server.keptIn === undefined ? "" : `  RUNYARD_API_KEY stands for the key, which is in ${server.keptIn}.\n\n`;
  const variables = server.isRemembered ? "" : `RUNYARD_URL=${url} RUNYARD_API_KEY=${apiKey} `;
  return `
What to try next, while this server runs:

  Over HTTP, as a stream:
    curl -N ${url}/v1/agents/${agentId}/execute \\
      -H "Authorization: Bearer ${apiKey}" -H "Content-Type: application/json" \\
      -d '${JSON.stringify({ input: question, stream: true }).replaceAll("'", "'\\''")}'

  With the command line:
    ${variables}npm run --silent runyard -- execute hello "${question}"
    ${variables}npm run --silent runyard -- executions list
    npm run --silent runyard -- doctor

${keyNote}  Every route of the API: ${url}/docs
  An agent of your own:   examples/hello/README.md
`;
}
