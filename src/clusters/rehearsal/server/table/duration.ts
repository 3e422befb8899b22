// Ages as kubectl prints them: two units at most, the second only while it says something.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

function pair(ms: number, [large, largeName]: readonly [number, string], [small, smallName]: readonly [number, string]): string {
  const [one, other] = [Math.floor(ms / large), Math.floor((ms % large) / small)];
  return other === 0 ? `${one}${largeName}` : `${one}${largeName}${other}${smallName}`;
}

export function humanDuration(ms: number): string {
  if (ms < -2 * SECOND) return '<invalid>';
  if (ms < 0) return '0s';
  if (ms < 2 * MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < 10 * MINUTE) return pair(ms, [MINUTE, 'm'], [SECOND, 's']);
  if (ms < 3 * HOUR) return `${Math.floor(ms / MINUTE)}m`;
  if (ms < 8 * HOUR) return pair(ms, [HOUR, 'h'], [MINUTE, 'm']);
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)}h`;
  if (ms < 8 * DAY) return pair(ms, [DAY, 'd'], [HOUR, 'h']);
  if (ms < 2 * YEAR) return `${Math.floor(ms / DAY)}d`;
  return ms < 8 * YEAR ? pair(ms, [YEAR, 'y'], [DAY, 'd']) : `${Math.floor(ms / YEAR)}y`;
}
