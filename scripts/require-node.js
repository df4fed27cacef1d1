// Refuses an old Node with a sentence instead of a syntax error. Plain enough for that old Node to read it.
var wanted = 24;
if (Number(process.versions.node.split('.')[0]) < wanted) {
  console.error('Threadkeep needs Node ' + wanted + ' or newer, and this is Node ' + process.versions.node + '. `npm ci` (without --omit=dev) brings the right one.');
  process.exit(1);
}
