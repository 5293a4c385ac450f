import { ValidationPipe } from '@nestjs/common';
import { type ValidationError } from 'class-validator';
import { invalid } from '@faultline/kernel';
import { type FieldError } from './problem';

const escape = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1');

/** Class-validator's tree as a flat list, each entry with the JSON pointer of its field. */
export function fieldErrors(errors: readonly ValidationError[], base = ''): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${base}/${escape(error.property)}`;
    const own = Object.values(error.constraints ?? {}).map((detail) => ({ pointer, detail }));
    return [...own, ...fieldErrors(error.children ?? [], pointer)];
  });
}

/** Checks bodies against their DTO: what is missing, unknown, too long or of another type is named; nothing is converted. */
export const validationPipe = (): ValidationPipe =>
  new ValidationPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    stopAtFirstError: true,
    exceptionFactory: (errors) => {
      const found = fieldErrors(errors);
      const first = found[0];
      const message = first ? `${first.pointer || '/'}: ${first.detail}` : 'The body is not valid';
      return invalid('request.invalid', message, { errors: found });
    },
  });
