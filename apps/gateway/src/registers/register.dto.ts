import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  registerDecorator,
  ValidateNested,
} from 'class-validator';
import { type Role, roles } from '@faultline/security';
import { Clearable, IsInstant, IsPersonId, Name, ShortText } from '../http/fields';

/** Keys of teams by category. */
function TeamsByCategory(): PropertyDecorator {
  return (target, property) => {
    registerDecorator({
      name: 'teamsByCategory',
      target: target.constructor,
      propertyName: String(property),
      options: { message: 'must be an object of at most 200 categories, each with the key of a team' },
      validator: {
        validate: (value: unknown) =>
          typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          Object.keys(value).length <= 200 &&
          Object.values(value).every((key) => typeof key === 'string' && key.length <= 100),
      },
    });
  };
}

const tiers = [1, 2, 3] as const;

export class CreateTeamDto {
  @IsString() @IsNotEmpty() @MaxLength(100) key!: string;
  @Name() name!: string;
  @Clearable() @IsIn(tiers) tier?: number | null;
  @Clearable() @ShortText() escalatesTo?: string | null;
  @IsOptional() @TeamsByCategory() escalatesToByCategory?: Record<string, string>;
}

export class ChangeTeamDto {
  @IsOptional() @Name() name?: string;
  @Clearable() @IsIn(tiers) tier?: number | null;
  @Clearable() @ShortText() escalatesTo?: string | null;
  @IsOptional() @TeamsByCategory() escalatesToByCategory?: Record<string, string>;
}

export class CreateServiceDto {
  @IsString() @IsNotEmpty() @MaxLength(100) key!: string;
  @Name() name!: string;
  @Clearable() @IsString() @MaxLength(10_000) description?: string | null;
}

export class ChangeServiceDto {
  @IsOptional() @Name() name?: string;
  @Clearable() @IsString() @MaxLength(10_000) description?: string | null;
}

export class CreatePersonDto {
  @Name() name!: string;
  @IsOptional() @IsString() @MaxLength(320) email?: string;
  @IsOptional() @IsString() @MaxLength(40) phone?: string;
}

export class ChangePersonDto {
  @IsOptional() @Name() name?: string;
  @Clearable() @IsString() @MaxLength(320) email?: string | null;
  @Clearable() @IsString() @MaxLength(40) phone?: string | null;
}

export class CategoryDto {
  @ShortText() category!: string;
  @IsOptional() @ShortText() subcategory?: string;
}

export class CategoriesDto {
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => CategoryDto)
  categories!: CategoryDto[];
}

export class EntryDto {
  @ShortText() key!: string;
  @Name() name!: string;
}

export class PriorityMatrixDto {
  /** Rows by impact, columns by urgency; the domain checks the shape. */
  @IsArray() @ArrayMinSize(3) @ArrayMaxSize(3) @IsArray({ each: true }) matrix!: number[][];
}

export class CatalogPolicyDto {
  @IsOptional() @IsIn(['accept', 'refuse']) unlistedCategories?: 'accept' | 'refuse';
  @IsOptional() @IsIn(['accept', 'refuse']) unlistedResolutionCodes?: 'accept' | 'refuse';
}

export class IssueKeyDto {
  @Name() name!: string;
  @IsPersonId() person!: string;
  @IsIn(roles) role!: Role;
  @IsOptional() @IsInstant() expiresAt?: string;
}
