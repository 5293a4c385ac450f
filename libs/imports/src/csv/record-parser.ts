/** What a physical line did to its record: ended it, left a quoted field open, or broke the rules of quoting. */
export type Progress = 'complete' | 'open' | 'broken';

const stillOpen = -1;
const misquoted = -2;

/** The fields of one record by RFC 4180, fed with its physical lines in turn; no character is looked at twice. */
export class RecordParser {
  /** The fields that are complete so far. */
  readonly fields: string[] = [];
  private quoted = '';
  private isOpen = false;

  /** Takes the next physical line, with the carriage return that may end it. */
  feed(text: string): Progress {
    const end = text.endsWith('\r') ? text.length - 1 : text.length;
    let at = this.isOpen ? this.continueQuoted(text) : this.readField(text, 0, end);
    while (at >= 0 && at < end) {
      if (text[at] !== ',') return 'broken';
      at = this.readField(text, at + 1, end);
    }
    if (at === stillOpen) return 'open';
    return at === misquoted ? 'broken' : 'complete';
  }

  /** Where the field ended: the index behind it, or why there is none. */
  private readField(text: string, at: number, end: number): number {
    if (text[at] === '"') {
      this.isOpen = true;
      this.quoted = '';
      return this.readQuoted(text, at + 1);
    }
    const comma = text.indexOf(',', at);
    const stop = comma === -1 ? end : comma;
    const value = text.slice(at, stop);
    if (value.includes('"')) return misquoted;
    this.fields.push(value);
    return stop;
  }

  private continueQuoted(text: string): number {
    this.quoted += '\n';
    return this.readQuoted(text, 0);
  }

  private readQuoted(text: string, from: number): number {
    let at = from;
    for (;;) {
      const quote = text.indexOf('"', at);
      if (quote === -1) {
        this.quoted += text.slice(at);
        return stillOpen;
      }
      this.quoted += text.slice(at, quote);
      if (text[quote + 1] !== '"') {
        this.isOpen = false;
        this.fields.push(this.quoted);
        return quote + 1;
      }
      this.quoted += '"';
      at = quote + 2;
    }
  }
}
