int toy_locked(int pages);
