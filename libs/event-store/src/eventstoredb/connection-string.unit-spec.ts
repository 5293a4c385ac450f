import { parseConnection } from './connection-string';

describe('the URL of an EventStoreDB', () => {
  it.each([
    ['esdb://h', 'esdb://h:2113', 'h:2113'],
    ['kurrentdb://h:2114?tls=false', 'esdb://h:2114?tls=false', 'h:2114'],
    ['kurrentdb+discover://h/', 'esdb+discover://h:2113', 'h:2113'],
    ['esdb://a,b:1,c?TLS=true', 'esdb://a:2113,b:1,c:2113?tls=true', 'a:2113,b:1,c:2113'],
    ['esdb://u:p%40ss@h', 'esdb://u:p%40ss@h:2113', 'h:2113'],
    ['esdb://u:p@s:s?/w@h', 'esdb://u:p%40s%3As%3F%2Fw@h:2113', 'h:2113'],
    ['esdb://u:100%@h', 'esdb://u:100%25@h:2113', 'h:2113'],
    [
      'esdb://h?node-preference=leader&throwOnAppendFailure=false&tlsVerifyCert=true',
      'esdb://h:2113?nodePreference=leader',
      'h:2113',
    ],
  ])('%s is read', (text, url, hosts) => {
    expect(parseConnection(text)).toMatchObject({ url, hosts });
  });

  it.each([
    'http://h',
    'esdb://',
    'esdb://u:secret@',
    'esdb://u:secret@h:0',
    'esdb://u:secret@h:70000',
    'esdb://u:secret@h?tlsVerifyCert=false',
    'esdb://u:secret@h?colour=blue',
    'esdb://u:secret@h?tls',
    'esdb://secret@h',
  ])('%s is refused without showing what is secret', (text) => {
    const refused = () => parseConnection(text);
    expect(refused).toThrow(expect.objectContaining({ name: 'StoreUnusable', problem: 'bad-url' }));
    expect(refused).not.toThrow(/secret/);
  });

  it('asks the nodes of a cluster by themselves, where it has one', () => {
    expect(parseConnection('esdb+discover://u:p@h?tls=true').seeds).toEqual(['esdb://u:p@h:2113?tls=true']);
    expect(parseConnection('esdb://a,b').seeds).toEqual(['esdb://a:2113', 'esdb://b:2113']);
    expect(parseConnection('esdb://a').seeds).toEqual([]);
  });

  it('takes its password out of a text in every form', () => {
    const { redact } = parseConnection('esdb://u:p%40ss:w@h');
    const forms = ['p@ss:w', 'p%40ss:w', 'p%40ss%3Aw', Buffer.from('u:p@ss:w').toString('base64')];
    expect(redact(forms.join(' and '))).toBe('*** and *** and *** and ***');
  });
});
