// Test files that share a process share LMDB's native part, which keeps the classes of whoever loaded it first. The one
// class of ours that it has to recognise is Date: all sandboxes use the process's own.
const { TestEnvironment } = require('jest-environment-node');

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.global.Date = Date;
  }
};
