import { type ArgumentMetadata, type Type, ValidationPipe } from '@nestjs/common';
import { type ValidationError } from 'class-validator';
import { type DomainError, invalid } from '@faultline/kernel';
import { type FieldError } from './problem';

const escape = (segment: string): string => segment.replaceAll('~', '~0').replaceAll('/', '~1');

/** Class-validator's tree as a flat list, each entry with the JSON pointer of its field. */
export function fieldErrors(errors: readonly ValidationError[], base = ''): FieldError[] {
  return errors.flatMap((error) => {
    const pointer = `${base}/${escape(error.property)}`;
    const own = detailsOf(error).map((detail) => ({ pointer, detail }));
    return [...own, ...fieldErrors(error.children ?? [], pointer)];
  });
}

function detailsOf({ constraints = {}, value }: ValidationError): readonly string[] {
  if (Object.keys(constraints).length === 0) return [];
  if ('whitelistValidation' in constraints) return ['is not a field of this request'];
  return value === undefined ? ['is missing'] : Object.values(constraints);
}

function refusal(errors: readonly FieldError[]): DomainError {
  const [first] = errors;
  const message = first ? `${first.pointer || '/'}: ${first.detail}` : 'The body is not valid';
  return invalid('request.invalid', message, { errors });
}

/** Checks bodies against their DTO: what is missing, unknown, too long or of another type is named; nothing is converted. */
class BodyPipe extends ValidationPipe {
  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    const isBody = metadata.type === 'body';
    if (isBody && (typeof value !== 'object' || value === null || Array.isArray(value))) {
      throw invalid('request.invalid', 'The body must be a JSON object', { pointer: '' });
    }
    return isBody ? ((await super.transform(value, metadata)) as unknown) : value;
  }
}

const pipeFor = (base: string): BodyPipe =>
  new BodyPipe({
    transform: true,
    whitelist: true,
    forbidNonWhitelisted: true,
    // A command without fields has a DTO without rules, which is not an unknown value.
    forbidUnknownValues: false,
    stopAtFirstError: true,
    exceptionFactory: (errors) => refusal(fieldErrors(errors, base)),
  });

/** The check that every route's body passes. */
export const validationPipe = (): ValidationPipe => pipeFor('');

/** A body inside a body, at the pointer `base`, checked as if it had come alone. Throws `request.invalid`. */
export const checkedBody = async <Body extends object>(dto: Type<Body>, body: object, base: string): Promise<Body> =>
  (await pipeFor(base).transform(body, { type: 'body', metatype: dto })) as Body;
