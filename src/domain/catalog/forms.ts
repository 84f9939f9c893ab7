/** A JSON value. */
export type Json = string | number | boolean | null | { [key: string]: Json } | Json[];

/** What JSON or JavaScript has no number for: such a value is sent as text, or read as Infinity. It becomes a number. */
function beyond(...words: string[]) {
  const isOne = (value: unknown) => words.includes(typeof value === "number" ? String(value) : (value as string));
  return z.custom<number | string>(isOne, "Invalid number").transform(Number);
}

const json: z.ZodType<Json> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.custom<number>((value) => value === Infinity || value === -Infinity),
    z.boolean(),
    z.null(),
    z.array(json),
    z.record(z.string(), json),
  ]),
);

/** An array of Postgres: any of its parts may be null, and it may be nested, however its column was declared. */
export type PgArray<Part> = (Part | null | PgArray<Part>)[];

function array<Part extends z.ZodTypeAny>(part: Part): z.ZodType<PgArray<z.infer<Part>>> {
  const list: z.ZodTypeAny = z.lazy(() => z.array(z.union([part, z.null(), list])));
  return list as unknown as z.ZodType<PgArray<z.infer<Part>>>;
}

const int2 = z.number().int().min(-32768).max(32767);

const int4 = z.number().int().min(-2147483648).max(2147483647);

/** A bigint. Beyond 53 bits its last digits are lost, where it is sent as a number: cast it to text in the query. */
const int8 = z.number().min(-9223372036854775808).max(9223372036854775807).refine(Number.isInteger, "Invalid integer");

const number = z.union([z.number(), beyond("NaN", "Infinity", "-Infinity")]);

/** Postgres accepts every UUID, also those that RFC 9562 does not define. */
const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, "Invalid UUID");

const date = z
  .string()
  .regex(/^(\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])( BC)?|-?infinity)$/, "Invalid date");

const time = z.string().regex(/^([01]\d|2[0-4])(:[0-5]\d){2}(\.\d{1,6})?$/, "Invalid time");

const timeWithOffset = z
  .string()
  .regex(/^([01]\d|2[0-4])(:[0-5]\d){2}(\.\d{1,6})?(Z|[+-]\d{2}(:\d{2}){0,2})$/, "Invalid time");

const localTime = z
  .string()
  .regex(
    /^(\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,6})?( BC)?|-?infinity)$/,
    "Invalid date and time",
  );

const instant = z
  .string()
  .regex(
    /^(\d{4,}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3])(:[0-5]\d){2}(\.\d{1,6})?(Z|[+-]\d{2}(:\d{2}){0,2})( BC)?|-?infinity)$/,
    "Invalid date and time",
  );

const bytes = z.string().regex(/^\\x([0-9a-f]{2})*$/i, "Invalid bytes");

const bits = z.string().regex(/^[01]*$/, "Invalid bits");

const digits = z.string().regex(/^\d+$/, "Invalid number");
