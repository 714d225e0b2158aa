// How the registry's own words are said to people.
import type { CapabilityEntry, Mark, RegistryDiff } from '../bindings/more';
import type { Tone } from '../shared/Word';

export const RISKS: Record<CapabilityEntry['risk_class'], [Tone, string]> = {
  low: ['quiet', 'low'],
  medium: ['quiet', 'medium'],
  high: ['incomplete', 'high'],
  critical: ['block', 'critical'],
};

export const MODES: Record<CapabilityEntry['default_governance_mode'], string> = {
  gov_strict: 'every use is asked for',
  gov_standard: 'every use is checked and recorded',
  gov_light: 'every use is recorded',
};

export const MARKS: Record<Mark, [Tone, string]> = {
  risk_raised: ['block', 'risk raised'],
  right_widened: ['incomplete', 'right widened'],
  watched_less: ['incomplete', 'watched less'],
  risk_lowered: ['quiet', 'risk lowered'],
  right_narrowed: ['quiet', 'right narrowed'],
  watched_more: ['quiet', 'watched more'],
};

export const BUMPS: Record<RegistryDiff['bump'], string> = {
  none: 'nothing changes',
  patch: 'patch: words change, and no right',
  minor: 'minor: a right is added, or a risk raised',
  major: 'major: something that was there is gone',
};

const FIELDS: Record<string, string> = {
  kind: 'Kind',
  display_name: 'Name',
  section_ref: 'Section',
  required_capabilities: 'Needs',
  default_governance_mode: 'Watched',
  risk_class: 'Risk',
  tags: 'Tags',
};

export function fieldWord(field: string): string {
  return FIELDS[field] ?? field;
}

/** A field's value as one line. */
export function valueText(value: unknown): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.length === 0 ? 'nothing' : value.map(valueText).join(', ');
  return value === null || value === undefined ? 'nothing' : JSON.stringify(value);
}
