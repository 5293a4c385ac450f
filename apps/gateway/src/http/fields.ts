import { applyDecorators } from '@nestjs/common';
import {
  IsNotEmpty,
  IsString,
  Matches,
  MaxLength,
  registerDecorator,
  ValidateIf,
  type ValidationOptions,
} from 'class-validator';

// The shapes that fields of many requests share.

const instant = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Whether a text is an instant in ISO 8601 with an offset, of a day that exists. */
export function isInstant(value: unknown): value is string {
  if (typeof value !== 'string' || !instant.test(value)) return false;
  const day = Date.UTC(Number(value.slice(0, 4)), Number(value.slice(5, 7)) - 1, Number(value.slice(8, 10)));
  return !Number.isNaN(Date.parse(value)) && new Date(day).toISOString().slice(0, 10) === value.slice(0, 10);
}

/** An instant: ISO 8601 with an offset, with or without milliseconds. */
export function IsInstant(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'isInstant',
      target: target.constructor,
      propertyName: String(property),
      options: { message: 'must be an instant in ISO 8601 with an offset, such as 2026-01-31T09:30:00Z' },
      validator: { validate: isInstant },
    });
  };
}

/** Something that goes by a short name: a key, a category, a place. */
export const ShortText = (options?: ValidationOptions): PropertyDecorator =>
  applyDecorators(
    IsString(options),
    MaxLength(200, options),
    // No control characters, and no blanks around it: two names that look alike are the same.
    Matches(/^(?!\s)[^\p{Cc}]+(?<!\s)$/u, {
      ...options,
      message: 'must be a text of 1 to 200 characters without control characters or blanks around it',
    }),
  );

/** A person's or a thing's name, for display. */
export const Name = (): PropertyDecorator => applyDecorators(IsString(), IsNotEmpty(), MaxLength(200));

/** Prose. */
export const LongText = (): PropertyDecorator => applyDecorators(IsString(), IsNotEmpty(), MaxLength(50_000));

/** The id of a person, or `me`. */
export const IsPersonId = (): PropertyDecorator =>
  applyDecorators(
    IsString(),
    Matches(/^(me|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})$/, {
      message: 'must be the id of a person, or "me"',
    }),
  );

/** Absent stays as it is, null clears. */
export const Clearable = (): PropertyDecorator =>
  ValidateIf((_object, value: unknown) => value !== undefined && value !== null);
