/** What a recording is called: {date} and {time} in the setting stand for when it begins. */
export function nameAt(pattern: string, now: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}:${two(now.getMinutes())}`;
  return pattern.replaceAll("{date}", date).replaceAll("{time}", time).trim() || `${date} ${time}`;
}
