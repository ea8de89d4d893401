const { existsSync } = require('node:fs');
const { join, relative } = require('node:path');

/** Names the file in which Temporal's SDK has logged (sdk-log.ts), where a test file that uses it has failed. */
module.exports = class LogReporter {
  constructor({ rootDir }) {
    this.rootDir = rootDir;
  }

  onTestResult({ path }, { numFailingTests, testExecError }) {
    if (numFailingTests === 0 && !testExecError) return;
    const log = join(this.rootDir, 'reports/logs', `${relative(join(this.rootDir, 'test'), path)}.log`);
    if (existsSync(log)) process.stderr.write(`  The log of Temporal's SDK: ${relative(this.rootDir, log)}\n\n`);
  }
};
