import { declareHunt, filesIn } from './hunt';

// The database file and its write-ahead log, as they are on the disk.
declareHunt({
  server: 'dev',
  logs: ['API.log', 'Temporal server.log', 'codec server.log', 'emulator.log', 'worker.log'],
  readDatabase: (folder) => filesIn(folder, /^dev\.db/),
});
