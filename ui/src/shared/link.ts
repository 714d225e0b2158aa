// From what a deep link leads to, to its place in the window.
import type { LinkTarget } from '../bindings/desk';
import { to } from './paths';

export function linkPath(target: LinkTarget): string {
  switch (target.kind) {
    case 'problem':
      return to.problem(target.id);
    case 'job':
      return to.job(target.id);
    case 'event':
      return to.event(target.id);
    case 'artifact':
      return to.artifact(target.id);
    case 'registry':
      return to.registry(target.id === '' ? undefined : target.id);
    case 'scan':
      return to.scan(target.id);
    case 'operation':
      return to.gates(target.id);
  }
}
