/** Whether a text says yes, as Go's strconv.ParseBool reads it. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(?:1|t|T|true|True|TRUE)$/.test(text);
}
