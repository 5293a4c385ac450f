import fc from 'fast-check';
import { DomainError } from '@faultline/kernel';
import { type CsvRecord, RecordReader } from './record-reader';

function read(content: string | Buffer, ...cuts: number[]): CsvRecord[] {
  const bytes = Buffer.from(content);
  const records: CsvRecord[] = [];
  const reader = new RecordReader((record) => records.push(record));
  let start = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    reader.push(bytes.subarray(start, cut));
    start = Math.max(start, cut);
  }
  reader.push(bytes.subarray(start));
  reader.end();
  return records;
}

const good = (records: readonly CsvRecord[]) =>
  records.filter(({ flaw }) => !flaw).map(({ line, fields }) => [line, ...fields]);
const bad = (records: readonly CsvRecord[]) =>
  records.flatMap(({ line, flaw, fields }) => (flaw ? [{ line, reason: flaw.reason, fields }] : []));

describe('reading CSV records', () => {
  it('splits lines at commas and numbers them from 1', () => {
    expect(good(read('a,b\n1,2\n3,\n'))).toEqual([
      [1, 'a', 'b'],
      [2, '1', '2'],
      [3, '3', ''],
    ]);
  });

  it.each([
    ['a byte order mark', '\ufeffa,b\n1,2\n'],
    ['CRLF', 'a,b\r\n1,2\r\n'],
    ['a missing last newline', 'a,b\n1,2'],
    ['CRLF and a missing last newline', 'a,b\r\n1,2\r'],
    ['quotes around everything', '"a","b"\r\n"1","2"\r\n'],
  ])('reads a file with %s like any other', (_, text) => {
    expect(good(read(text))).toEqual([
      [1, 'a', 'b'],
      [2, '1', '2'],
    ]);
  });

  it('keeps commas, quotes and newlines inside quotes, and counts the lines that they take', () => {
    expect(good(read('a,b\n"1,""x""","2\r\nand\n3"\n4,5\n'))).toEqual([
      [1, 'a', 'b'],
      [2, '1,"x"', '2\r\nand\n3'],
      [5, '4', '5'],
    ]);
  });

  it('skips blank lines but counts them', () => {
    expect(good(read('a,b\n\n1,2\n\r\n3,4\n'))).toEqual([
      [1, 'a', 'b'],
      [3, '1', '2'],
      [5, '3', '4'],
    ]);
  });

  it('reports a row with a wrong number of fields, with the fields that it has', () => {
    const records = read('a,b\n1\n2,3,4\n5,6\n');
    expect(bad(records)).toEqual([
      { line: 2, reason: '1 fields instead of 2', fields: ['1'] },
      { line: 3, reason: '3 fields instead of 2', fields: ['2', '3', '4'] },
    ]);
    expect(good(records)).toHaveLength(2);
  });

  it('loses one line to a quote that is never closed, and tells the fields before it', () => {
    const records = read('a,b,c\nk1,"open,x\nk2,2,3\nk3,4,5\n');
    expect(bad(records)).toEqual([{ line: 2, reason: 'a quoted field is never closed', fields: ['k1', '"open', 'x'] }]);
    expect(good(records).slice(1)).toEqual([
      [3, 'k2', '2', '3'],
      [4, 'k3', '4', '5'],
    ]);
  });

  it('loses one line to a stray quote that another one closes, if that leaves a wrong number of fields', () => {
    const records = read('a,b\nk1,"5 inch\nk2,2\nk3,"6"\nk4,4\n');
    expect(bad(records).map(({ line }) => line)).toEqual([2]);
    expect(good(records).map(([line]) => line)).toEqual([1, 3, 4, 5]);
  });

  it.each([
    ['text behind a closing quote', 'k1,"2"x'],
    ['a quote inside an unquoted field', 'k1,5" disk'],
  ])('reports %s', (_, row) => {
    const records = read(`a,b\n${row}\nk2,2\n`);
    expect(bad(records)).toEqual([{ line: 2, reason: 'the quoting is broken', fields: ['k1', row.slice(3)] }]);
    expect(good(records)).toHaveLength(2);
  });

  it('gives up a quoted record after 1 MiB and resumes at its second line', () => {
    const rows = Array.from({ length: 40_000 }, (_, index) => `key ${index},${'x'.repeat(20)}`);
    const records = read(`a,b\nk1,"open\n${rows.join('\n')}\n`);
    expect(bad(records)).toEqual([{ line: 2, reason: 'the record is longer than 1 MiB', fields: ['k1', '"open'] }]);
    expect(good(records)).toHaveLength(1 + rows.length);
  });

  it('reports a line longer than 1 MiB by its beginning, in pieces or at once', () => {
    const text = `a,b\nk1,${'x'.repeat(3_000_000)}\nk2,2\n`;
    for (const records of [read(text), read(text, 500_000, 1_000_000, 1_500_000, 2_000_000)]) {
      expect(bad(records)).toEqual([{ line: 2, reason: 'the record is longer than 1 MiB', fields: ['k1'] }]);
      expect(good(records).at(-1)).toEqual([3, 'k2', '2']);
    }
  });

  it('reports a row that is not UTF-8 and names the field', () => {
    const records = read(Buffer.concat([Buffer.from('a,b\nk1,x'), Buffer.from([0xff]), Buffer.from('\nk2,\ufffd\n')]));
    expect(records[1]).toEqual({ line: 2, fields: ['k1', 'x\ufffd'], flaw: { reason: 'not valid UTF-8', field: 1 } });
    expect(records[2]).toEqual({ line: 3, fields: ['k2', '\ufffd'], flaw: null });
  });

  it.each([
    ['UTF-16, little-endian', Buffer.from('\ufeff\u6f22\n', 'utf16le')],
    ['UTF-16, big-endian', Buffer.from('\ufeff\u6f22\n', 'utf16le').swap16()],
    ['NUL bytes', Buffer.from('a,b\n1,\u00002\n')],
  ])('refuses a file in %s as a whole', (_, bytes) => {
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'import.encoding' }));
    expect(() => read(bytes)).toThrow(DomainError);
  });

  it('reads the same records however the bytes are cut', () => {
    const cell = fc.oneof(
      fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'ü', '😀', ' '), maxLength: 6 }),
      fc.constant('x'),
    );
    const text = fc.array(
      fc.array(cell, { minLength: 1, maxLength: 4 }).map((cells) => cells.join(',')),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(text, fc.array(fc.nat(120), { maxLength: 6 }), (lines, cuts) => {
        const content = lines.join('\n');
        const length = Buffer.byteLength(content);
        expect(read(content, ...cuts.filter((cut) => cut <= length))).toEqual(read(content));
      }),
    );
  });

  it('reads back what is quoted by the rules', () => {
    const table = fc
      .integer({ min: 2, max: 5 })
      .chain((width) =>
        fc.array(fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { minLength: width, maxLength: width }), {
          minLength: 1,
        }),
      )
      .filter((rows) => !rows.flat().some((cell) => cell.includes('\0')));
    fc.assert(
      fc.property(table, (rows) => {
        const text = rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n');
        expect(read(text).map(({ fields, flaw }) => ({ fields, flaw }))).toEqual(
          rows.map((fields) => ({ fields, flaw: null })),
        );
      }),
    );
  });
});
