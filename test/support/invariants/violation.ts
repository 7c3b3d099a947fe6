/** Something that must never be, with the ids it is about, in words. */
export interface Violation {
  invariant: "I1" | "I2" | "I3" | "I4" | "I5" | "I6" | "I7" | "I8" | "I9" | "I10";
  message: string;
}
