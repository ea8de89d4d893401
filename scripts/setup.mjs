// Gets a fresh clone ready: packages, a Temporal server, and with --tests the time-skipping test server
// and a Chromium.
// Plain Node without dependencies, since it runs before anything is installed. npm's pre hooks call it.
const needed = [20, 19];
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  console.error(`setup: Node ${needed.join('.')} or newer is needed, this is ${process.versions.node}. See .nvmrc.`);
  process.exitCode = 1;
} else {
  // Loaded late: an older Node must reach the message above before it meets newer syntax.
  const { main } = await import('./setup/main.mjs');
  process.exitCode = await main(process.argv.slice(2), process.env);
}
