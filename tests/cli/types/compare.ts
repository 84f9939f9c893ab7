// Compiles where the Database type of supadeck and that of the Supabase CLI are the same; an error names what differs.
import type * as Ours from "./ours.js";
import type * as Theirs from "./theirs.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Differing<A, B> = {
  [K in keyof A | keyof B]: K extends keyof A & keyof B ? (Same<A[K], B[K]> extends true ? never : K) : K;
}[keyof A | keyof B];

type O = Ours.Database["$SCHEMA$"];
type T = Theirs.Database["$SCHEMA$"];
type Readable = O["Tables"] & O["Views"];

export type Nothing = {
  tables: Differing<O["Tables"], T["Tables"]>;
  views: Differing<O["Views"], T["Views"]>;
  functions: Differing<O["Functions"], T["Functions"]>;
  enums: Differing<O["Enums"], T["Enums"]>;
  composites: Differing<O["CompositeTypes"], T["CompositeTypes"]>;
  rows: Differing<
    { [N in keyof Readable]: Ours.Tables<N> },
    { [N in keyof Readable]: Theirs.Tables<N> }
  >;
  rowsOfSchema: Differing<
    { [N in keyof Readable]: Ours.Tables<{ schema: "$SCHEMA$" }, N> },
    { [N in keyof Readable]: Theirs.Tables<{ schema: "$SCHEMA$" }, N> }
  >;
  inserts: Differing<
    { [N in keyof O["Tables"]]: Ours.TablesInsert<N> | Ours.TablesInsert<{ schema: "$SCHEMA$" }, N> },
    { [N in keyof O["Tables"]]: Theirs.TablesInsert<N> | Theirs.TablesInsert<{ schema: "$SCHEMA$" }, N> }
  >;
  updates: Differing<
    { [N in keyof O["Tables"]]: Ours.TablesUpdate<N> | Ours.TablesUpdate<{ schema: "$SCHEMA$" }, N> },
    { [N in keyof O["Tables"]]: Theirs.TablesUpdate<N> | Theirs.TablesUpdate<{ schema: "$SCHEMA$" }, N> }
  >;
  values: Differing<
    { [N in keyof O["Enums"]]: Ours.Enums<N> | Ours.Enums<{ schema: "$SCHEMA$" }, N> },
    { [N in keyof O["Enums"]]: Theirs.Enums<N> | Theirs.Enums<{ schema: "$SCHEMA$" }, N> }
  >;
  parts: Differing<
    { [N in keyof O["CompositeTypes"]]: Ours.CompositeTypes<N> | Ours.CompositeTypes<{ schema: "$SCHEMA$" }, N> },
    { [N in keyof O["CompositeTypes"]]: Theirs.CompositeTypes<N> | Theirs.CompositeTypes<{ schema: "$SCHEMA$" }, N> }
  >;
};

export const nothing = {} as Nothing satisfies { [K in keyof Nothing]: never };
export const json: true = {} as Same<Ours.Json, Theirs.Json>;
export const database: true = {} as Same<Ours.Database, Theirs.Database>;
export const constants: true = {} as Same<typeof Ours.Constants, typeof Theirs.Constants>;
