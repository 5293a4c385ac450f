import { StoreUnavailable } from '@faultline/kernel';
import { systemCode } from '../system-code';

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the disk is read-only',
  EACCES: 'access to the directory is denied',
  EIO: 'the disk reports an error',
};

/** Runs a step of disk work; throws StoreUnavailable, in plain words, where the disk is at fault. */
export async function onDisk<Result>(step: () => Promise<Result>): Promise<Result> {
  try {
    return await step();
  } catch (error) {
    const reason = reasons[systemCode(error) ?? ''];
    if (reason === undefined) throw error;
    throw new StoreUnavailable(`The import cannot be spooled: ${reason}`, { cause: error });
  }
}
