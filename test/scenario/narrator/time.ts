/** The time since the beginning, as `+1d 06:00:30`. */
export function elapsed(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const days = Math.floor(seconds / 86_400);
  const two = (n: number) => String(n).padStart(2, '0');
  const time = `${two(Math.floor(seconds / 3600) % 24)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return `+${days > 0 ? `${days}d ` : ''}${time}`;
}

/** The local time, as `Sun 29 Mar, 03:00:00 GMT+2 in Europe/Berlin`. */
export function wallClock(ms: number, timeZone: string): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en-GB', { timeZone, ...options }).format(ms);
  const day = part({ weekday: 'short', day: 'numeric', month: 'short' }).replace(',', '');
  const time = part({ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'shortOffset' });
  return `${day}, ${time} in ${timeZone}`;
}
