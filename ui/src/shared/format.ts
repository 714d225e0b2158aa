// How numbers, times and sizes are written: one way, everywhere.

const COUNT = new Intl.NumberFormat('en-GB');
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const MOMENT = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});
const CLOCK = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

export function count(value: number): string {
  return COUNT.format(value);
}

/** `1 file`, `2 files`: the plural is the word with an s unless it is given. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function day(time: string): string {
  return valid(time, DAY);
}

export function moment(time: string): string {
  return valid(time, MOMENT);
}

export function clock(time: string): string {
  return valid(time, CLOCK);
}

function valid(time: string, format: Intl.DateTimeFormat): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? time : format.format(date);
}

/** `just now`, `4 min ago`, `3 h ago`, `2 days ago`, then the day itself. */
export function ago(time: string, now: number): string {
  const seconds = Math.round((now - new Date(time).getTime()) / 1000);
  if (Number.isNaN(seconds)) return time;
  if (seconds < 0 || seconds >= 14 * 86_400) return day(time);
  if (seconds < 45) return 'just now';
  if (seconds < 3_600) return `${Math.max(1, Math.round(seconds / 60))} min ago`;
  if (seconds < 86_400) return `${Math.round(seconds / 3_600)} h ago`;
  return `${counted(Math.round(seconds / 86_400), 'day')} ago`;
}

/** `840 ms`, `12.4 s`, `3 min 05 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}

/** `0:07`, `3:05`: for a clock that runs. */
export function elapsed(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

export function bytes(size: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let [value, unit] = [size, 0];
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? 'B'}`;
}

/** The beginning of a digest or id, enough to tell it apart. */
export function short(id: string): string {
  return id.length > 12 ? id.slice(0, id.includes('-') ? 13 : 12) : id;
}

/** `leaves_incomplete` as people write it. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}
