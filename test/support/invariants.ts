// Checks invariants I1 to I8 of design §9 on the database of a server and the ledgers of those around it.
