import { RunReader } from './run-file';

type Head = { readonly reader: RunReader; record: string };

const bufferBytes = 64 * 1024;

/** The records of several sorted runs in one order, read lazily through one small buffer a run. */
export async function* mergeRuns(paths: readonly string[]): AsyncGenerator<string> {
  const readers: RunReader[] = [];
  try {
    const heap: Head[] = [];
    for (const path of paths) {
      const reader = await RunReader.open(path, bufferBytes);
      readers.push(reader);
      const record = reader.take() ?? (await next(reader));
      if (record !== null) rise(heap, { reader, record });
    }
    for (let head = heap[0]; head; head = heap[0]) {
      yield head.record;
      const record = head.reader.take() ?? (await next(head.reader));
      if (record === null) {
        const last = heap.pop();
        if (heap.length === 0 || !last) break;
        heap[0] = last;
      } else {
        head.record = record;
      }
      sink(heap);
    }
  } finally {
    for (const reader of readers) await reader.close();
  }
}

async function next(reader: RunReader): Promise<string | null> {
  while (!reader.done) {
    await reader.fill();
    const record = reader.take();
    if (record !== null) return record;
  }
  return null;
}

function rise(heap: Head[], added: Head): void {
  let place = heap.push(added) - 1;
  while (place > 0) {
    const above = (place - 1) >> 1;
    const parent = heap[above];
    if (!parent || parent.record <= added.record) return;
    heap[place] = parent;
    heap[above] = added;
    place = above;
  }
}

function sink(heap: Head[]): void {
  const moved = heap[0];
  for (let place = 0, child = 1; moved && child < heap.length; child = place * 2 + 1) {
    const left = heap[child];
    const right = heap[child + 1];
    const isRight = left !== undefined && right !== undefined && right.record < left.record;
    const smaller = isRight ? right : left;
    if (!smaller || moved.record <= smaller.record) return;
    heap[place] = smaller;
    place = isRight ? child + 1 : child;
    heap[place] = moved;
  }
}
