import { z } from "zod";

/** Schemas of values that several settings share. */

const linkSchema = z.string().refine((text) => {
  const protocol = URL.parse(text)?.protocol;
  return protocol === "http:" || protocol === "https:";
}, "not an http or https URL");

/** An http or https URL, kept without its trailing slashes so that paths can be appended. */
export const baseUrlSchema = linkSchema.transform((text) => text.replace(/\/+$/, ""));

/** `https://app.example.com`, without a path; or `*`. */
export const originSchema = z.string().refine((text) => text === "*" || URL.parse(text)?.origin === text, "no origin");

/** `db.internal:8080`, `10.0.0.5:*`, `[::1]:11434`. */
export const hostAndPortSchema = z
  .string()
  .regex(/^(\[[0-9a-f:.]+\]|[a-z0-9._-]+):(\*|\d{1,5})$/i)
  .refine((text) => text.endsWith("*") || Number(text.slice(text.lastIndexOf(":") + 1)) <= 65_535, "no port");

/** A key or password: one line of visible characters. */
export const secretSchema = z.string().regex(/^[\x21-\x7e]+$/);

export const milliseconds = z.int().min(0).max(2_147_483_647);

/** Null: no limit. */
export const limitSchema = z.int().min(1).nullable();
