import { databaseNameOf, redacted } from './index';

describe('a URL of MongoDB', () => {
  it.each([
    ['mongodb://127.0.0.1', 'faultline'],
    ['mongodb://127.0.0.1:27017/', 'faultline'],
    ['mongodb://127.0.0.1/?replicaSet=rs0', 'faultline'],
    ['mongodb://one:27017,two:27017,three/desk?replicaSet=rs0', 'desk'],
    ['mongodb+srv://user:word@cluster.example.net/help%2Ddesk?tls=true', 'help-desk'],
    ['mongodb+srv://user:word@cluster.example.net?x=a/b', 'faultline'],
  ])('%s names the database %s', (url, name) => {
    expect(databaseNameOf(url)).toBe(name);
  });

  it.each([
    ['mongodb://ann:open%40sesame@h1,h2/db is bad', 'mongodb://***@h1,h2/db is bad'],
    ['see MongoDB+SRV://ann:sesame@h/db and mongodb://bo@k', 'see MongoDB+SRV://***@h/db and mongodb://***@k'],
    ['mongodb://h/db?authSource=a@b', 'mongodb://h/db?authSource=a@b'],
    ['no URL at all: a@b', 'no URL at all: a@b'],
  ])('%s is told as %s', (text, told) => {
    expect(redacted(text)).toBe(told);
  });
});
