// For mongosh: makes MEMBERS one replica set and, where SECURED is true, its two users. Safe to repeat, also after it was cut short.
// The first user can only be made from the server's own machine, so this runs in the network of the first member.
const { readFileSync } = require('node:fs');

const set = 'faultline';
const [alreadyInitialized, authenticationFailed] = [23, 18];
const admin = db.getSiblingDB('admin');
const secret = (name) => readFileSync(`/run/secrets/${name}`, 'utf8').trim();

function ignoring(code, action) {
  try {
    action();
    return true;
  } catch (error) {
    if (error.code === code) return false;
    throw error;
  }
}

function initiate() {
  // The first member leads for now: users are made there.
  const members = process.env.MEMBERS.split(',').map((host, _id) => ({ _id, host, priority: _id === 0 ? 2 : 1 }));
  if (ignoring(alreadyInitialized, () => rs.initiate({ _id: set, members }))) print(`initiated ${set}`);
}

function waitForLeader() {
  for (let left = 120; !db.hello().isWritablePrimary; left -= 1) {
    if (left === 0) throw new Error('this member did not become the primary within two minutes');
    sleep(1_000);
  }
}

const login = () => ignoring(authenticationFailed, () => admin.auth('admin', secret('mongodb-admin-password')));

function secure() {
  const roles = [{ role: 'readWrite', db: 'faultline' }];
  if (admin.getUser('faultline') !== null) return;
  waitForLeader();
  admin.createUser({ user: 'faultline', pwd: secret('mongodb-password'), roles });
  print('made the user faultline');
}

if (process.env.SECURED === 'true') {
  if (!login()) {
    initiate();
    waitForLeader();
    admin.createUser({ user: 'admin', pwd: secret('mongodb-admin-password'), roles: ['root'] });
    login();
  }
  secure();
} else {
  initiate();
  waitForLeader();
}
print('the replica set is in place');
