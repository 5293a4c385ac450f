const medianOf = (a: number, b: number, c: number): number => Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

/**
 * Rearranges `values[from..to]` (both included) so that index `nth` holds what sorting would put there, with nothing greater
 * before it and nothing smaller after it. Hoare's quickselect, linear on average; NaN must not occur.
 */
export function selectNth(values: Float64Array, nth: number, from = 0, to = values.length - 1): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const pivot = medianOf(values[low] as number, values[middle] as number, values[high] as number);
    let left = low;
    let right = high;
    while (left <= right) {
      while ((values[left] as number) < pivot) left += 1;
      while ((values[right] as number) > pivot) right -= 1;
      if (left > right) break;
      const swapped = values[left] as number;
      values[left] = values[right] as number;
      values[right] = swapped;
      left += 1;
      right -= 1;
    }
    if (nth <= right) high = right;
    else if (nth >= left) low = left;
    else break;
  }
  return values[nth] as number;
}

/** The index, from 0, of the nearest rank of a percentile: that of the ceil(percent / 100 · count)-th smallest value. */
export const nearestRank = (percent: number, count: number): number => Math.ceil((percent * count) / 100) - 1;
