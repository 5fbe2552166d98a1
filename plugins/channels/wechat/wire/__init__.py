"""What goes over the wire between WeChat and us: signatures, encryption, XML. It knows no platform."""
