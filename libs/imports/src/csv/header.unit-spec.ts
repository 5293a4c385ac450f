import { readHeader } from './header';

const known = { columns: ['id', 'at', 'who'], required: ['id', 'at'] };

describe('a header', () => {
  it('says where the known columns are, in any order, and names the others', () => {
    const header = readHeader(['x', 'at', 'id', 'y'], known);
    expect(header.present).toEqual(['id', 'at']);
    expect(header.ignored).toEqual(['x', 'y']);
    expect(header.pick(['1', '2', '3', '4'])).toEqual(['3', '2', '']);
    expect([header.indexOf('at'), header.indexOf('who'), header.nameOf(3), header.nameOf(9)]).toEqual([
      1,
      -1,
      'y',
      null,
    ]);
  });

  it('is refused without a required column, naming all that are missing', () => {
    expect(() => readHeader(['who'], known)).toThrow(
      expect.objectContaining({ code: 'import.missing-columns', fields: { columns: ['id', 'at'] } }),
    );
  });

  it('is refused if it names a column twice', () => {
    expect(() => readHeader(['id', 'at', 'x', 'id', 'x'], known)).toThrow(
      expect.objectContaining({ code: 'import.duplicate-columns', fields: { columns: ['id', 'x'] } }),
    );
  });
});
