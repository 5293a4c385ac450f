import { assertNever, type Decider, type EventSchemas } from '@faultline/kernel';

/** A block of numbers that one process may hand out. */
export type NumbersReserved = {
  readonly type: 'NumbersReserved';
  readonly data: { readonly from: number; readonly to: number };
};

/** Numbers up to `above` came from elsewhere: none of them is handed out any more. */
export type NumbersAdvanced = { readonly type: 'NumbersAdvanced'; readonly data: { readonly above: number } };

export type NumbersEvent = NumbersReserved | NumbersAdvanced;

export type NumbersCommand =
  | { readonly type: 'ReserveNumbers'; readonly count: number }
  | { readonly type: 'AdvanceNumbers'; readonly above: number };

/** The counter: the next number that no block holds. */
export type NumbersState = { readonly next: number };

export const numbersEventSchemas: EventSchemas<NumbersEvent['type']> = {
  NumbersReserved: { version: 1 },
  NumbersAdvanced: { version: 1 },
};

/** The counter of incident numbers, reserved in blocks: unique, roughly ordered, gaps allowed. */
export const numbersDecider: Decider<NumbersState, NumbersCommand, NumbersEvent> = {
  initialState: () => ({ next: 1 }),
  decide: (command, { next }) => {
    switch (command.type) {
      case 'ReserveNumbers':
        return [{ type: 'NumbersReserved', data: { from: next, to: next + command.count - 1 } }];
      case 'AdvanceNumbers':
        return command.above < next ? [] : [{ type: 'NumbersAdvanced', data: { above: command.above } }];
      default:
        return assertNever(command);
    }
  },
  evolve: (state, event) => {
    switch (event.type) {
      case 'NumbersReserved':
        return { next: Math.max(state.next, event.data.to + 1) };
      case 'NumbersAdvanced':
        return { next: Math.max(state.next, event.data.above + 1) };
      default:
        return assertNever(event);
    }
  },
};
