import { ArrayMaxSize, ArrayMinSize, IsArray, IsIn, IsObject, IsOptional } from 'class-validator';
import { ShortText } from '../http/fields';
import { incidentRequestNames, type IncidentRequestName } from './incident-requests';

/** How many incidents one request may name. */
export const mostIncidents = 200;

export class BulkDto {
  @IsArray() @ArrayMinSize(1) @ArrayMaxSize(mostIncidents) @ShortText({ each: true }) ids!: string[];
  @IsIn(incidentRequestNames) command!: IncidentRequestName;
  @IsOptional() @IsObject() body?: object;
}
