"""The wire: the only importers of aiomqtt and pymodbus."""
