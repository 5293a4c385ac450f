import { Inject, Injectable } from '@nestjs/common';
import { type Aggregate, CommandRuntime } from '@faultline/commands';
import {
  formatNumber,
  numbersDecider,
  type NumbersCommand,
  type NumbersEvent,
  type NumbersState,
} from '@faultline/incidents';
import { deriveId, randomId } from '@faultline/kernel';

const stream = 'numbers';
const blockSize = 100;

/** The counter of incident numbers. */
export const numbersAggregate: Aggregate<NumbersState, NumbersCommand, NumbersEvent> = {
  name: 'numbers',
  decider: numbersDecider,
  subject: (_state, _events, actor) => actor.id,
};

const desk = { id: deriveId('actor', 'desk'), kind: 'service' } as const;

/** Hands out incident numbers from blocks reserved in the log: unique over all processes, roughly ordered, gaps allowed. */
@Injectable()
export class NumberAllocator {
  private block = { next: 1, to: 0 };
  private reserving: Promise<void> | undefined;

  constructor(@Inject(CommandRuntime) private readonly runtime: CommandRuntime) {}

  async next(): Promise<string> {
    while (this.block.next > this.block.to) {
      this.reserving ??= this.reserve().finally(() => {
        this.reserving = undefined;
      });
      await this.reserving;
    }
    const number = this.block.next;
    this.block.next += 1;
    return formatNumber(number);
  }

  /** Moves the counter above a number that came from elsewhere, and gives up what is left of the block at hand. */
  async advanceAbove(highest: number): Promise<void> {
    await this.execute({ type: 'AdvanceNumbers', above: highest });
    this.block = { next: 1, to: 0 };
  }

  private async reserve(): Promise<void> {
    const { next } = await this.execute({ type: 'ReserveNumbers', count: blockSize });
    this.block = { next: next - blockSize, to: next - 1 };
  }

  private async execute(command: NumbersCommand): Promise<NumbersState> {
    const commandId = randomId();
    const envelope = { commandId, actor: desk, via: { kind: 'system' }, correlationId: commandId } as const;
    return (await this.runtime.execute(numbersAggregate, stream, { command, envelope, facts: undefined })).state;
  }
}
