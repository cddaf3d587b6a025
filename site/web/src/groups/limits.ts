/** What the API takes of a group's texts, in characters. */
export const MAX_NAME = 100;
export const MAX_DESCRIPTION = 1000;
export const MAX_OWNER_NAME = 60;
