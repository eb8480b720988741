#!/bin/sh
# Writes what the machine has into local_config.h and local_config.mk.
echo "/* made by check_config.sh */" >local_config.h
echo "TOY_LIBS = -lrt" >local_config.mk
