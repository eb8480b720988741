# Toy: what the Makefiles of all folders share, in the shape of the real one.
CC := $(CROSS_COMPILE)gcc
selfdir = $(realpath $(dir $(filter %/lib.mk,$(MAKEFILE_LIST))))
top_srcdir = $(selfdir)/../../..

ifeq ($(KHDR_INCLUDES),)
KHDR_INCLUDES := -isystem $(top_srcdir)/usr/include
endif

TEST_GEN_FILES := $(addprefix $(OUTPUT)/,$(TEST_GEN_FILES))
all: $(TEST_GEN_FILES)

LOCAL_HDRS += $(selfdir)/kselftest.h
$(OUTPUT)/%: %.c $(LOCAL_HDRS)
	@printf '  CC      %s\n' $(notdir $@)
	@$(CC) $(CFLAGS) $(LDFLAGS) $(filter-out $(LOCAL_HDRS),$^) $(LDLIBS) -o $@

.PHONY: all
