/**
 * LanceDB's own settings. It reads them once, from the process's environment, so they are written there before it is loaded; what an operator
 * has set stays. (A test runner that gives its tests a copy of the environment has to set them itself: jest.config.js.)
 */
const SETTINGS = {
  // What it warns of, as a file that somebody else has just removed, is tried again here.
  LANCEDB_LOG: 'error',
  // The full text builder holds a thread of this pool for every shard that it writes while it waits for a further one. With the default, which is the
  // number of cores less two, that waits for ever on a machine with few of them; and with few threads when several stores are written at once.
  LANCE_CPU_THREADS: '32',
  LANCE_FTS_NUM_SHARDS: '1',
  // In MB: what it gathers in memory before it writes.
  LANCE_FTS_PARTITION_SIZE: '64',
  // In bytes, for each read of a table under way; the default is 2 GB.
  LANCE_DEFAULT_IO_BUFFER_SIZE: '67108864',
};

export function setForLance(): void {
  for (const [name, value] of Object.entries(SETTINGS)) process.env[name] ??= value;
}
