#define TOY_LIMIT 8
