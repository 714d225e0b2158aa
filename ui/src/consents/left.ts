// How long a consent still holds, in words.
import { counted } from '../shared/format';

export function left(expires: string, now: number): string {
  const minutes = Math.floor((new Date(expires).getTime() - now) / 60_000);
  if (Number.isNaN(minutes)) return expires;
  if (minutes <= 0) return 'ended';
  if (minutes < 60) return `${minutes} min left`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h left`;
  return `${counted(Math.floor(minutes / 1_440), 'day')} left`;
}
