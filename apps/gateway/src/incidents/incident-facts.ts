import { Inject, Injectable } from '@nestjs/common';
import { CatalogRegister } from '@faultline/catalog';
import { defaults } from '@faultline/config';
import { type IncidentFacts } from '@faultline/incidents';
import { PersonRegister, ServiceRegister, TeamRegister } from '@faultline/organisation';

const dayMs = 86_400_000;

/** Gathers from the registers what the rules of incidents need to know; contains no rule. */
@Injectable()
export class IncidentFactsSource {
  /** Look-ups on the registers as they are now. */
  readonly facts: IncidentFacts;

  constructor(
    @Inject(TeamRegister) teams: TeamRegister,
    @Inject(ServiceRegister) services: ServiceRegister,
    @Inject(PersonRegister) persons: PersonRegister,
    @Inject(CatalogRegister) catalog: CatalogRegister,
  ) {
    this.facts = {
      team: (key) => teams.get(key),
      teams: () => teams.all(),
      hasService: (key) => services.has(key),
      hasPerson: (id) => persons.has(id),
      priorityOf: (impact, urgency) => catalog.priorityOf(impact, urgency),
      get holdReasons() {
        return catalog.holdReasons;
      },
      get resolutionCodes() {
        return catalog.resolutionCodes;
      },
      hasCategory: (category, subcategory) => catalog.hasCategory(category, subcategory),
      reopenWindowMs: defaults.policy.reopenWindowDays * dayMs,
    };
  }
}
