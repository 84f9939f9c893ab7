type DefaultSchema = Database[$SCHEMA$];
type AnySchema = { schema: keyof Database };
type TablesOf<Schema extends keyof Database> = Database[Schema]["Tables"];
type ReadableOf<Schema extends keyof Database> = Database[Schema]["Tables"] & Database[Schema]["Views"];

/** A row of a table or view, as it is read. */
export type Tables<
  Name extends keyof ReadableOf<$SCHEMA$> | AnySchema,
  Of extends Name extends AnySchema ? keyof ReadableOf<Name["schema"]> : never = never,
> = Name extends AnySchema
  ? ReadableOf<Name["schema"]>[Of] extends { Row: infer Row } ? Row : never
  : Name extends keyof ReadableOf<$SCHEMA$>
    ? ReadableOf<$SCHEMA$>[Name] extends { Row: infer Row } ? Row : never
    : never;

/** What an insert into a table takes. */
export type TablesInsert<
  Name extends keyof TablesOf<$SCHEMA$> | AnySchema,
  Of extends Name extends AnySchema ? keyof TablesOf<Name["schema"]> : never = never,
> = Name extends AnySchema
  ? TablesOf<Name["schema"]>[Of] extends { Insert: infer Insert } ? Insert : never
  : Name extends keyof TablesOf<$SCHEMA$>
    ? TablesOf<$SCHEMA$>[Name] extends { Insert: infer Insert } ? Insert : never
    : never;

/** What an update of a table takes. */
export type TablesUpdate<
  Name extends keyof TablesOf<$SCHEMA$> | AnySchema,
  Of extends Name extends AnySchema ? keyof TablesOf<Name["schema"]> : never = never,
> = Name extends AnySchema
  ? TablesOf<Name["schema"]>[Of] extends { Update: infer Update } ? Update : never
  : Name extends keyof TablesOf<$SCHEMA$>
    ? TablesOf<$SCHEMA$>[Name] extends { Update: infer Update } ? Update : never
    : never;

/** The values of an enum. */
export type Enums<
  Name extends keyof DefaultSchema["Enums"] | AnySchema,
  Of extends Name extends AnySchema ? keyof Database[Name["schema"]]["Enums"] : never = never,
> = Name extends AnySchema
  ? Database[Name["schema"]]["Enums"][Of]
  : Name extends keyof DefaultSchema["Enums"] ? DefaultSchema["Enums"][Name] : never;

/** A composite type. */
export type CompositeTypes<
  Name extends keyof DefaultSchema["CompositeTypes"] | AnySchema,
  Of extends Name extends AnySchema ? keyof Database[Name["schema"]]["CompositeTypes"] : never = never,
> = Name extends AnySchema
  ? Database[Name["schema"]]["CompositeTypes"][Of]
  : Name extends keyof DefaultSchema["CompositeTypes"] ? DefaultSchema["CompositeTypes"][Name] : never;
