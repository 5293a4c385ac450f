import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsDefined,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { linkTypes, type Fix, type Level, type LinkType, type Priority, type Visibility } from '@faultline/incidents';
import { Clearable, IsInstant, IsPersonId, LongText, Name, ShortText } from '../http/fields';

/** A person by id, or by what is known of one who may be new. */
export class RequesterDto {
  @IsOptional() @IsPersonId() id?: string;
  @ValidateIf((dto: RequesterDto) => dto.id === undefined) @Name() name?: string;
  @IsOptional() @IsString() @MaxLength(320) email?: string;
  @IsOptional() @IsString() @MaxLength(40) phone?: string;
}

export class VerificationDto {
  @IsString() @IsNotEmpty() @MaxLength(1_000) how!: string;
  @IsOptional() @IsPersonId() by?: string;
}

export class ResolutionDto {
  @ShortText() code!: string;
  @LongText() notes!: string;
  @IsIn(['workaround', 'permanent', 'none']) fix!: Fix;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => VerificationDto) verification?: VerificationDto;
}

export class LogIncidentDto {
  @IsString() @IsNotEmpty() @MaxLength(300) title!: string;
  @IsOptional() @IsString() @MaxLength(50_000) description?: string;
  @IsOptional() @ShortText() channel?: string;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => RequesterDto) requester?: RequesterDto;
  @IsOptional() @ShortText() service?: string;
  @IsOptional() @ShortText() category?: string;
  @IsOptional() @ShortText() subcategory?: string;
  @IsOptional() @ShortText() symptom?: string;
  @IsOptional() @IsIn([1, 2, 3]) impact?: Level;
  @IsOptional() @IsIn([1, 2, 3]) urgency?: Level;
  @IsOptional() @IsIn([1, 2, 3, 4]) priority?: Priority;
  @IsOptional() @IsArray() @ArrayMaxSize(100) @ShortText({ each: true }) assets?: string[];
  @IsOptional() @ShortText() location?: string;
  @IsOptional() @ShortText() team?: string;
  @IsOptional() @IsPersonId() agent?: string;
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(255) externalKey?: string;
  @IsOptional() @IsInstant() startedAt?: string;
  @IsOptional() @IsInstant() occurredAt?: string;
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(1_000) reason?: string;
  @IsOptional() @IsObject() @ValidateNested() @Type(() => ResolutionDto) resolution?: ResolutionDto;
  @IsOptional() @ShortText() followUpOf?: string;
}

export class DetailsDto {
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(300) title?: string;
  @Clearable() @IsString() @MaxLength(50_000) description?: string | null;
  @Clearable() @IsObject() @ValidateNested() @Type(() => RequesterDto) requester?: RequesterDto | null;
  @Clearable() @ShortText() service?: string | null;
  @Clearable() @ShortText() location?: string | null;
  @Clearable() @IsInstant() startedAt?: string | null;
}

export class ClassificationDto {
  @Clearable() @ShortText() category?: string | null;
  @Clearable() @ShortText() subcategory?: string | null;
  @Clearable() @ShortText() symptom?: string | null;
}

export class PriorityDto {
  @IsOptional() @IsIn([1, 2, 3]) impact?: Level;
  @IsOptional() @IsIn([1, 2, 3]) urgency?: Level;
  @IsOptional() @IsIn([1, 2, 3, 4]) priority?: Priority;
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(1_000) reason?: string;
}

export class AssignmentDto {
  @IsOptional() @ShortText() team?: string;
  @IsOptional() @IsPersonId() agent?: string;
}

export class ReasonDto {
  @IsString() @IsNotEmpty() @MaxLength(1_000) reason!: string;
}

export class TextDto {
  @LongText() text!: string;
}

export class WorkaroundDto {
  @LongText() text!: string;
  @IsOptional() @ShortText() knownError?: string;
}

export class CommentDto {
  @LongText() text!: string;
  @IsIn(['public', 'internal']) visibility!: Visibility;
}

export class EffortDto {
  @IsInt() @Min(1) @Max(10_080) minutes!: number;
}

export class HoldDto {
  @ShortText() reason!: string;
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(10_000) note?: string;
  @IsOptional() @IsInstant() until?: string;
}

export class EscalationDto {
  @IsIn(['functional', 'hierarchical']) kind!: 'functional' | 'hierarchical';
  @IsOptional() @ShortText() to?: string;
  @IsString() @IsNotEmpty() @MaxLength(1_000) reason!: string;
}

export class DeescalationDto {
  @IsOptional() @ShortText() to?: string;
  @IsString() @IsNotEmpty() @MaxLength(1_000) reason!: string;
}

export class RestorationDto {
  @IsInstant() at!: string;
}

export class FeedbackDto {
  @IsInt() @Min(1) @Max(5) score!: number;
  @IsOptional() @IsString() @IsNotEmpty() @MaxLength(10_000) text?: string;
}

export class LinkDto {
  @IsIn(linkTypes) type!: LinkType;
  @IsString() @IsNotEmpty() @MaxLength(2_000) target!: string;
}

export class AssetDto {
  @ShortText() asset!: string;
}

export class PersonDto {
  @IsDefined() @IsPersonId() person!: string;
}

/** A command without fields: nothing may come with it. */
// eslint-disable-next-line @typescript-eslint/no-extraneous-class -- its emptiness is what the body is checked against
export class EmptyDto {}
